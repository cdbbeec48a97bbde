/** How the review desk ends, in words, and which fault ends it how. spec/outputs.md (OUT-10). @module */

export const ENDS = {
  issued: ['Attested', 'You stand behind this output now. If a call waited for it, that goes out.'],
  flagged: [
    'Another person has to look',
    'It was in view too briefly for its length, so nothing came of your signature. Somebody else reviews it.',
  ],
  missed: [
    'This was wrong on purpose',
    'You signed a seeded error. It can never leave. Look once more at what was in it.',
  ],
  refused: ['Refused', 'It does not leave on your word. Others may still review it.'],
  caught: ['Well seen', 'This was wrong on purpose, and you refused it.'],
  over: ['Nothing to review here', 'It was decided, or its time is over, or you reviewed it before.'],
  mismatch: [
    'This does not match',
    'What the control plane shows is not what it asks you to sign. Nothing was signed. Tell whoever runs it.',
  ],
  erased: ['Erased', 'The content of this output was erased, or is not kept: nobody can look at it here.'],
  own: [
    'Not by you',
    'You set this task, or the policy does not let you review this kind. Ask somebody else.',
  ],
  unsupported: ['No passkeys in this browser', 'Open the desk in a browser that has your passkey.'],
  failed: ['Something went wrong', 'The control plane did not answer as it should. Nothing was signed.'],
  stranger: [
    'Whose desk?',
    'This page is for people who are signed in here. Run "countersign review list --browser".',
  ],
}

export const OWN = new Set(['SAME_PERSON', 'NOT_ELIGIBLE', 'NOT_ENDORSED', 'AUTHORITY_ENDED'])

export function endOf(error) {
  if (error.status === 401) return 'stranger'
  if (OWN.has(error.code)) return 'own'
  if (error.code === 'OUTPUT_INVALID') return 'erased'
  return ['UNKNOWN_OUTPUT', 'STATE_CONFLICT', 'UNKNOWN_REVIEW'].includes(error.code) ? 'over' : 'failed'
}

/** What goes wrong before anything was signed, and can be tried again. */
export function faultOf(error) {
  return error.name === 'NotAllowedError'
    ? 'No passkey answered: it is not on this device, or it was cancelled. Nothing was signed.'
    : `It was not taken: ${error.message}.`
}
