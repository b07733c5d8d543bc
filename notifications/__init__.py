"""The notifications wing: what is told to whom, through which channel, once each."""
