/** Words of signing in, setting up and joining. @module */
export const door = {
  signIn: {
    title: 'Sign in',
    lead: (origin: string) => `Countersign for ${origin}. Your passkey says who you are.`,
    passkey: 'Sign in with passkey',
    provider: (host: string) => `Sign in at ${host}`,
    ticket: 'One moment, you come in by your link…',
    invited: 'You were invited? Open the link of your invitation.',
    lost: 'Lost your passkey? Somebody who manages people recovers you: Settings, People, Recover. The new one counts once it is endorsed; who recovers you is told who may.',
    firstTime: 'First start? The control plane printed a secret:',
    setUp: 'Set up this installation',
  },
  join: {
    title: 'Make your passkey',
    firstTitle: 'Set up this installation',
    lead: 'From then on your passkey signs what agents may do in your name. Nobody can sign for you without it.',
    firstLead:
      'You become the first person of this log, and its owner. Your passkey signs what agents may do in your name.',
    secret: 'Secret',
    secretHint: 'It was printed at the first start, or stands in your invitation. Good once and for a day.',
    name: 'Your name',
    nameHint: 'Kept sealed, and erasable. The log has a commitment to it.',
    make: 'Create passkey',
    endorse: 'Endorse your own registration',
    endorseLead:
      'There is nobody else yet, so the first person endorses themselves. The log says so. One more gesture, and you are in.',
    done: 'Your passkey is registered',
    doneLead:
      'It counts once somebody who is endorsed has vouched for it. You see what is here from then on.',
    waitLead:
      'You are registered anew. It counts once somebody has endorsed it who may: whoever invited you was told who. Passkeys from before end then. Come back and sign in.',
    aloneLead:
      'Nobody else has a passkey that counts, so you endorse yourself. The log says so. One more gesture, and you are in.',
    /** Called as the endorser's dialog calls them (apps/server/pages/plain.js). */
    registered: {
      title: 'Your registration',
      registration: 'Registration',
      entry: (index: number) => `Entry ${index} of the log`,
      credential: 'Passkey',
      read: 'Read both to whoever endorses you, by telephone or in person: their screen shows the same before they sign.',
    },
    missing: 'Fill in both fields first',
  },
} as const
