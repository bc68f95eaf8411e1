SELECT max(number) FROM marf_blocks;
