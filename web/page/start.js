theme();
curves();
cases();
live();
