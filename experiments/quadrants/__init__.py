"""The four quadrants of complexity and urgency: what a learned policy does in each, beside what is prescribed."""
