"""Trains a detector: python train.py --data mine/dataset.yaml --out runs/mine."""

from cv.training.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
