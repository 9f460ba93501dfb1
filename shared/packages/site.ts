/**
 * The site a file is from: `prod` (edx.org) or `edge` (edge.edx.org). edX wrote each in several
 * ways over the years. In goes the word as written, out comes the one that identities are made of.
 * The set is open: re-deliveries came as `patches`, test packages come as `acceptance`, and a word
 * that is not known stays as it is, so that its files are kept apart instead of mixed up.
 */
export function normaliseSite(written: string): string {
  const word = written.toLowerCase();
  switch (word) {
    // A name without a site is of prod: so were all names before Edge files were delivered, and a
    // course must have the same identity before and after the word came into use.
    case '':
    case 'edx':
    case 'prod':
      return 'prod';
    case 'edge':
    case 'prod-edge':
      return 'edge';
    default:
      return word;
  }
}
