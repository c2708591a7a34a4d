"""The same training as others do it, and as we do it: a file each, all with the protocol of `protocol`."""
