mod check;
mod index;
mod support;
mod writes;
