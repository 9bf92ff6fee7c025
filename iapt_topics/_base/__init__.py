"""What every room stands on: one wording for bad input, files written whole, tables as typed."""
