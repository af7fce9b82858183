"""From votes to numbers: checked files, who wins how often, how strong each method is, how far voters agree."""
