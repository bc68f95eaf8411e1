mod check;
mod index;
mod left;
mod room;
mod support;
mod writes;
