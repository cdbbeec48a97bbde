/** Words of samples: what is frozen, and what is drawn of it. @module */

export const samples = {
  lead: 'A sample is for a person to read, and nobody may be able to choose it: populations are frozen and seen outside first, and only then the auditor gives a nonce.',
  none: 'Nothing was frozen or drawn yet',
  noneText:
    'Freeze the populations of a period that is over, before anybody knows what will be drawn of them. Draw once somebody outside has seen that, by a nonce that the auditor makes.',
  freeze: 'Freeze populations',
  freezeText:
    'The control plane computes the digest of every population of the period over the log of now, and logs them in your name. Reports say when a period was frozen more than once.',
  engagement: 'Engagement',
  engagementHint: 'As you and the auditor call it. It stands in the log in the clear.',
  frozen: (engagement: string) => `Frozen for ${engagement}`,
  entry: 'Entry',
  rowsN: (n: string) => `${n} ${n === '1' ? 'row' : 'rows'}`,
  seen: 'Seen outside',
  seenText: 'Somebody outside has seen what was frozen. Ask the auditor for a nonce now. Entry',
  seenDrawnText:
    'A sample was drawn of this. Another draw stands in the log and in packs, too. Somebody outside has seen what was frozen: entry',
  notSeen: 'not seen outside yet',
  notSeenText:
    'Wait for the next anchor before you ask the auditor for a nonce. None comes unless the control plane was started with --anchors.',
  draw: 'Draw a sample',
  drawText:
    'The seed is made of the frozen population, the tree that was seen outside, and the nonce. The draw is logged in your name and stands in every pack of the period, also when you draw again.',
  drawUnseenText:
    'Nobody outside has seen what was frozen, so no nonce of an auditor may join yet: what you draw now is a sample of management’s, and says so wherever it stands.',
  what: 'What is sampled',
  choice: (n: number, title: string, population: string, rows: string) =>
    `Test ${n}: ${title} (${population}, ${rows})`,
  size: 'Size',
  sizeHint: 'As the auditor asks; left empty, it follows from how often the control runs.',
  sizeWrong: 'The size is a whole number from 1 on.',
  nonce: 'Nonce of the auditor',
  nonceHint:
    '16 to 64 bytes in hex; the auditor makes it, for example by openssl rand -hex 16. Left empty, the sample is management’s.',
  nonceWrong: 'A nonce is 16 to 64 bytes in hex: 32 to 128 of the signs 0 to 9 and a to f.',
  drawn: 'Samples that were drawn',
  sample: 'Sample',
  itemsN: 'Items',
  population: 'Population',
  control: 'Control',
  test: 'Test',
  by: 'Seed of',
  management: 'management',
  auditor: 'the auditor',
  title: 'Sample',
  back: 'All samples',
  holds: 'Drawn again, the sample is the same',
  holdsText: 'The population is as it was frozen, it was seen outside before, and the seed draws these rows.',
  holdsManagement:
    'The population is as it was frozen and the seed draws these rows. It is management’s own sample.',
  broken: 'Not a sample to rely on',
  noItems: 'No items',
  noItemsText: 'The frozen population is empty: there was nothing to draw.',
  items: 'Items of the sample',
  ofTest: (control: string, test: number) =>
    control === `test ${test}` ? control : `${control}, test ${test}`,
  askedFor: (n: number) => `${n}, as somebody asked for`,
  byFrequency: (n: number) => `${n}, by how often the control runs`,
  seed: 'Seed',
  frozenAs: 'Frozen in entry',
  drawnAs: 'Drawn in entry',
} as const
