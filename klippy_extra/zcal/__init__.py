"""The [zcal] section of printer.cfg: measurements that are structured, can be cancelled, and clean up after themselves."""
