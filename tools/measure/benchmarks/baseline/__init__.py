"""The peers: the same work, written the usual way with the libraries that most people take."""
