"""Published cases, fed to the engine of events as looks: what it concludes of them."""
