"""Decision rules: from estimates and limits to a level, the reasons and the advice. Numerics never import these."""
