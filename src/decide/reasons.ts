/**
 * The closed list of reason codes: why a call was denied, in words for people, and what to do next.
 * @module
 */

export const REASONS = {
  // The presentation
  NO_CHAIN: ['no delegation was presented', 'open a session or present a chain with the call'],
  TOKEN_TOO_LARGE: ['the presentation is over 64 KiB', 'disclose fewer grants'],
  TOKEN_MALFORMED: ['the presentation does not parse', 'present the chain exactly as it was issued'],
  DEPTH_EXCEEDED: ['the chain has more hops than allowed', 'delegate from nearer to the root'],
  DISCLOSURE_INVALID: ['a disclosure does not belong to the chain', 'present only disclosures of this chain'],
  GRANT_INVALID: ['a disclosed grant does not fit its schema', 'obtain the delegation again'],
  ISSUER_UNKNOWN: [
    'the issuer or its key is not trusted here',
    'retry if the key is new; else trust the issuer',
  ],
  KEY_RETIRED: ['a key signed after it was retired', 'obtain the delegation again'],
  SIGNATURE_INVALID: ['a signature in the chain does not verify', 'obtain the delegation again'],
  GESTURE_INVALID: ['the human gesture in the root does not verify', 'have the principal authorize again'],
  STATEMENT_INVALID: ['the agent statement of a hop is missing, stale or for another key', 'fetch a new one'],
  CHAIN_BROKEN: ['a hop does not follow from the one before it', 'narrow from the chain that you hold'],
  WIDENED: ['a hop claims more than its parent allows', 'ask a principal for a wider delegation'],
  PARENT_GRANT_HIDDEN: ['the parent of a grant was not disclosed', 'disclose the parent grant too'],
  NOT_YET_VALID: ['the delegation is not valid yet', 'wait, or check the clock'],
  EXPIRED: ['the delegation has expired', 'ask the principal for a new one'],
  CLOCK_SKEW: ['a token time lies in the future beyond 60 s', 'synchronize the clocks'],
  AUDIENCE_MISMATCH: ['the delegation is not for this enforcement point', 'ask for one that names it'],
  // The holder proof
  PROOF_MISSING: ['no holder proof came with the call', 'sign the call with the holder key'],
  PROOF_INVALID: ['the holder proof does not verify', 'sign with the key that the delegation is bound to'],
  PROOF_REPLAYED: ['this proof or counter was used before', 'make a new proof for each call'],
  SESSION_UNKNOWN: ['the session is not open here', 'take a new challenge and open a session'],
  SESSION_LIMIT: ['too many open sessions or challenges', 'try again later'],
  // The version
  VERSION_NOT_APPROVED: [
    'the agent reports a version that nobody approved',
    'propose it with "countersign agent version propose" and have somebody else approve it',
  ],
  VERSION_NOT_REPORTED: [
    'this enforcement point wants to know which version of the agent calls',
    'report the manifest: the option manifest of connect',
  ],
  // The call
  METHOD_NOT_GRANTED: ['this kind of request is not covered by any grant', 'use a tool that is granted'],
  NO_MATCHING_GRANT: ['no disclosed grant allows this tool', 'ask for a delegation that names the tool'],
  CONSTRAINT_VIOLATED: ['the arguments lie outside what the grant allows', 'stay within it, or ask for more'],
  RESOURCE_UNKNOWN: ['what the call would touch is not known', 'register the tool with its resources'],
  RESOURCE_NOT_GRANTED: ['the call touches what the grant does not name', 'stay within it, or ask for more'],
  CLEARANCE_EXCEEDED: [
    'the tool returns data above the clearance of the grant',
    'ask for a higher clearance',
  ],
  CATEGORY_NOT_GRANTED: ['the tool returns categories of data that the grant does not name', 'ask for them'],
  LIMIT_PER_CALL: ['the call is larger than the grant allows', 'make a smaller call'],
  LIMIT_EXCEEDED: ['a cumulative limit is used up', 'ask the principal for a new delegation'],
  LIMIT_LEASED: [
    'what is left of a limit is leased to other enforcement points',
    'try again in a few seconds',
  ],
  MEASURE_UNKNOWN: ['the tool has no measure that the limit needs', 'register the tool with its measures'],
  // A person's decision
  ATTESTATION_NEEDED: [
    'a person has to attest this output before it leaves',
    'wait for their review, or hand them a draft to work on',
  ],
  OVERSIGHT: [
    'the agent is overseen: its calls with an effect ask a person',
    'wait for the approval, or see "countersign isolation show"',
  ],
  APPROVAL_NEEDED: ['a person has to approve this call', 'wait for their decision'],
  APPROVAL_REFUSED: ['the person who was asked refused this call', 'do something else, or talk to them'],
  APPROVAL_TIMED_OUT: ['nobody approved this call in time', 'make it again when somebody can decide'],
  APPROVAL_WITHDRAWN: [
    'the caller took this call back before anybody decided',
    'nothing; make it again if it is wanted',
  ],
  APPROVAL_USED: [
    'the approval that was named is used up, over, or for another call',
    'make the call again without it',
  ],
  APPROVAL_LIMIT: [
    'too many calls wait for people, or nobody can be shown this one',
    'wait until others are decided, or make a smaller call',
  ],
  TOOL_CHANGED: ['the tool differs from its registration', 'have the new definition registered'],
  // Flow
  FLOW_SINK: [
    'data was read that is above what the tool accepts',
    'use a tool that accepts it, or, where the flow policy asks people, have one approve the call',
  ],
  FLOW_DESTINATION: [
    'neither the instruction nor anything trusted names where the call goes',
    'ask the principal to name it, or, where the flow policy asks people, have one approve the call',
  ],
  FLOW_INFLUENCE: [
    'text that somebody else wrote was read before, and may be behind the call',
    'leave out what it repeats, or, where the flow policy asks people, have one approve the call',
  ],
  DOMAIN_ELSEWHERE: [
    'another enforcement point holds what the agent has read',
    'try again in a few seconds, or call through one enforcement point',
  ],
  // The basis
  SUBJECT_UNRESOLVED: [
    'nobody can tell whose personal data the call touches',
    'name a data subject that is registered, or have the label say where the identifier stands',
  ],
  NO_BASIS: [
    'there is no consent and no other basis for touching this personal data',
    'leave this person out, or have a consent or a basis registered',
  ],
  PURPOSE_OUTSIDE: [
    'no basis covers the purpose of the call, or its grants name none',
    'use the data for what was agreed to, or ask for a grant that says what for',
  ],
  CONSENT_WITHDRAWN: ['the data subject has withdrawn their consent', 'leave this person out'],
  CONSENT_EXPIRED: ['the consent of the data subject has expired', 'ask the person again, or leave them out'],
  SUBJECT_OBJECTED: ['the data subject has objected to this use', 'leave this person out'],
  SUBJECT_OUTSIDE: [
    'the delegation is for one data subject alone, and this is another',
    'leave this person out, or use the delegation that is for them',
  ],
  MINOR_PROFILING: [
    'the data subject is a child, and the purpose would profile them',
    'leave this person out',
  ],
  BASIS_LIMIT: ['the call touches more people than one receipt can name', 'make a smaller call'],
  // The state
  KILLED: ['a kill is in force for this agent, tool or everything', 'stop; a kill ends when people lift it'],
  REVOKED: ['the delegation, or someone or something behind it, was revoked', 'stop; ask the principal'],
  STALE_REVOCATION: ['the revocation state is not fresh', 'wait until the control plane is reachable'],
  LEDGER_UNAVAILABLE: ['the cumulative limit cannot be leased', 'wait until the control plane is reachable'],
  NOT_LOGGED: [
    'the control plane did not confirm the record in time',
    'wait until the control plane is reachable',
  ],
  NOT_RECORDED: ['the decision could not be durably recorded', 'free disk space for the spool, then retry'],
  INTERNAL: ['the enforcement point failed and denied to be safe', 'see its log'],
} as const satisfies Record<string, readonly [what: string, todo: string]>

/** Why a call was denied. */
export type Reason = keyof typeof REASONS

/** One line for a person: the code, what happened and what to do. */
export function explain(reason: Reason): string {
  const [what, todo] = REASONS[reason]
  return `${reason}: ${what}. What to do: ${todo}.`
}
