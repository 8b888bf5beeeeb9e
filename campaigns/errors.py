"""What can keep a campaign from being run."""


class CampaignError(Exception):
    """A campaign cannot be run, or was broken off; the text says why, in words, and what to do."""
