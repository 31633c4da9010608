"""Downloads of scenes from hosts and buckets that the user allowed; nothing else is contacted."""
