"""The data, one folder a domain: pure modules, SQL, and a thin assets.py that wires them."""
