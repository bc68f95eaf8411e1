mod check;
mod index;
mod room;
mod support;
mod writes;
