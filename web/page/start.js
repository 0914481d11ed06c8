theme();
folds();
curves();
cases();
live();
