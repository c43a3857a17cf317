"""What a batch means: how outputs and targets become a loss, a count of right answers and a confusion matrix."""
