"""What lies beside an image: PAM files of GDAL, world files, masks by their names."""
