/** Words of the shell and of what all screens share. @module */
const NO_ANSWER = 'The control plane does not answer'
const NO_ANSWER_ASK = 'Is your network up, and is the control plane running?'

export const shell = {
  shell: {
    skip: 'Skip to the content',
    navigation: 'Screens',
    open: 'Open the navigation',
    palette: 'Find anything',
    paletteHint: 'Type a screen, an agent, an identifier, an entry’s number…',
    paletteOpen: (what: string) => `Open ${what}`,
    paletteNone: 'Nothing found',
    theme: 'Change between light and dark',
    account: 'Your account',
    provider: {
      connect: (host: string) => `Connect your account at ${host}`,
      disconnect: (host: string) => `Disconnect your account at ${host}`,
      passkeyFirst: 'Sign in with your passkey first',
    },
    zoneUtc: 'Times in UTC',
    zoneOwn: 'Times in your own zone',
    signOut: 'Sign out',
    signOutEverywhere: 'Sign out everywhere',
    simulated: 'Simulated. Nothing on these screens happened.',
    rolesOpen:
      'Nobody has been given a role yet: whoever is endorsed may do everything. Propose roles under Settings, People.',
    waiting: 'Waiting for an endorsement',
    notEndorsed:
      'Your registration waits for an endorsement by somebody else. Until then no gesture of yours counts, and there is nothing to see here. This page goes on by itself then.',
    roles: (roles: readonly string[]) => (roles.length === 0 ? 'no role' : roles.join(', ')),
    noAnswer: `${NO_ANSWER}. ${NO_ANSWER_ASK}`,
    oddAnswer: 'The control plane did not answer as it should',
    emptyAnswer: 'The control plane answered with nothing',
    noCode:
      'A part of this console could not be loaded. Reload the page; if it stays, tell whoever runs the control plane.',
    noKey: 'The control plane does not say which key its log has',
    live: { connecting: 'Connecting…', live: 'Live', lost: 'Connection lost, trying again' },
  },
  nav: {
    overview: 'Overview',
    agents: 'Agents',
    delegations: 'Delegations',
    activity: 'Activity',
    approvals: 'Approvals',
    alerts: 'Alerts',
    incidents: 'Incidents',
    kill: 'Kill switch',
    outputs: 'Outputs',
    data: 'Data',
    consents: 'Consents',
    evidence: 'Evidence',
    log: 'Log',
    settings: 'Settings',
  },
  states: {
    loading: 'Loading',
    more: 'More is on its way',
    again: 'Try again',
    failed: 'This could not be shown',
    offline: NO_ANSWER,
    offlineText: NO_ANSWER_ASK,
    unknown:
      'Something went wrong in this page. Reload it; if it stays, tell whoever runs the control plane.',
    stale: (since: string) => `This is from ${since}.`,
    notPrinted: 'There are more rows, which are not printed.',
    notFound: 'There is no such page',
    notFoundText: 'The address is not one of this console.',
    home: 'Go to the overview',
  },
  values: {
    copy: (what: string) => `Copy ${what}`,
    until: 'Until',
    untilUtc: 'Until, UTC',
    never: 'never',
    none: 'none',
    andMore: (n: number) => `and ${n} more`,
    yes: 'yes',
    no: 'no',
  },
  reason: {
    label: 'Reason',
    hint: 'A code, which stands in the log for good. It names nobody.',
    wrong: 'Letters, digits, - and _, beginning with a letter.',
  },
  gesture: {
    close: 'Close without signing',
    cancel: 'Cancel',
    sign: 'Sign with passkey',
    exact: 'Everything that is signed, word for word',
    digest: 'SHA-256, computed here:',
    software:
      'Your registered authenticator is a software key of the command line, which answers in no browser. Sign with the command line, or register a passkey.',
    faults: {
      mismatch:
        'What the control plane shows is not what it asks you to sign. Nothing was signed. Tell whoever runs it.',
      unsupported: 'This browser cannot use passkeys here. Open the console in another one.',
      origin: 'Passkeys are bound to another address of this console. Open it there.',
      cancelled: 'Nothing was signed: the passkey was not used, or the browser waited too long.',
    },
  },
} as const
