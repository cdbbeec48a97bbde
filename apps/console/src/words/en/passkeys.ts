/** Words of a person's passkeys. @module */
export const passkeys = {
  title: 'Your passkeys',
  lead: 'Any of them signs in and signs what agents may do in your name. If you lose one of two, the other still works.',
  of: (name: string) => `Passkeys of ${name}`,
  name: 'Name',
  nameHint: 'As you tell them apart: the telephone, the key on your ring. It is kept outside the log.',
  unnamed: (passkey: number) => `Passkey of entry ${passkey}`,
  added: 'Added',
  signedIn: 'Signed in',
  never: 'never',
  synced: 'Synced between devices',
  yes: 'yes',
  no: 'no',
  add: 'Add a passkey',
  addText:
    'First the new passkey is made, by another device or a security key. Then one that you have signs that it is yours.',
  make: 'Make the passkey',
  signText: (name: string) =>
    `Sign with a passkey that you have already. From then on ${name} signs as that one does.`,
  rename: 'Name it',
  remove: 'Remove',
  removeText:
    'What it signs from then on counts no more, and sessions that it began end. What it signed before stands, unless it was compromised: then every delegation that it sealed is revoked. Look at those that it had added, too.',
  goOn: 'Go on',
  signOther: 'Sign with another passkey of yours than the one that goes.',
  reason: 'Why',
  reasons: [
    { value: 'lost', label: 'It is lost' },
    { value: 'replaced', label: 'It was replaced by another' },
    { value: 'compromised', label: 'Somebody else may have used it' },
  ],
  last: 'It is your last one: add another first. If you lost it, somebody else recovers you.',
  full: (n: number) => `You have ${n}, which is as many as a person may have.`,
  notEndorsed: 'Your registration does not count yet: somebody endorses it first.',
  software:
    'Your authenticator is software, of the command line: countersign person passkey adds and removes its keys.',
  byProvider: 'You came in by your provider: sign in with your passkey to do this.',
  none: 'No passkey counts',
  noneText: 'Somebody else recovers you.',
  noneOfText: 'Recover them, and they register a new one.',
} as const
