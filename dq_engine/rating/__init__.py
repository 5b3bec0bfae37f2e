"""From the measures of runs to ratings, and from ratings to the tables of the study. Pure but for its readers of files."""
