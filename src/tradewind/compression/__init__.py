"""Export, quantisation and the parity gate."""
