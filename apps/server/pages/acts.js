/** What each act is, in words: a title, and what comes of it. spec/people.md (CER-3). @module */

export const ACTS = new Map(
  Object.entries({
    'agent.approve': [
      'Approve an agent',
      'With your approval this version of the agent may be activated and given work.',
    ],
    'version.approve': [
      'Approve a version of an agent',
      'With your approval the agent may act with this model, prompt, tools and code.',
    ],
    'person.endorse': [
      'Endorse a person',
      'You vouch that this passkey is the one of the person you know by this name. From then on their signatures count.',
    ],
    'person.passkey': [
      'Make another passkey',
      'A passkey that you have is asked afterwards whether this one counts.',
    ],
    'person.add_passkey': [
      'Add a passkey',
      'From then on it signs what agents may do in your name, as the one does that you sign with. Add only one that you made yourself, just now.',
    ],
    'person.remove_passkey': [
      'Remove a passkey',
      'What it signs from then on counts no more. With the reason compromised, what it has sealed is revoked too.',
    ],
    'template.approve': ['Approve a template', 'It bounds what anyone may delegate to agents of its class.'],
    'label.approve': [
      'Approve labels of tools',
      'The rules on flows take the word of these labels: what each tool’s results are, what it does, where it sends.',
    ],
    'flow_policy.approve': [
      'Approve a flow policy',
      'It says whether the rules on flows speak, and what they let pass, at every enforcement point.',
    ],
    'response_policy.approve': [
      'Approve a response policy',
      'It says what is done by itself when an agent stops behaving like itself: whom it is asked for, and when it is isolated.',
    ],
    'oversight.end': [
      'End the oversight of an agent',
      'Nobody is asked any more for what it does. Look first at why somebody was.',
    ],
    'isolation.lift': [
      'Lift the isolation of an agent',
      'It may act again, with a new key: those that it had stay revoked for ever. Look first at its incident.',
    ],
    'incident.close': [
      'Close an incident',
      'You say that it is contained, that its cause was found, and that what was learned is worth closing it.',
    ],
    'preview.grant': [
      'Let an auditor look',
      'Until it expires or is revoked, the named auditor sees this period at these criteria. Every look of theirs is logged.',
    ],
    'access_review.close': [
      'Close a review of access',
      'You say that every item of its list was decided by somebody who does not own it, and that what was decided was done.',
    ],
    'role.approve': [
      'Approve who administers',
      'From now on this person holds that role, or has custody of that thing, until somebody removes it.',
    ],
    'service_account.approve': [
      'Approve a service account',
      'From now on its program may ask the API in these roles, until it expires or somebody disables it.',
    ],
    'evaluation.sign': ['Sign management’s evaluation of a deviation', 'The deviation stays one.'],
    'narrative.approve': [
      'Approve how a control is described',
      'You say, for management, that the control works as the narrative with this digest says. Read it in the pack first.',
    ],
    'deficiency.close': ['Close a deficiency', 'It was repaired, and somebody else tried that it holds.'],
    'breach.close': ['Close a breach of personal data', 'Everybody who is to be told of it was told.'],
    'emergency_access.review': ['Review emergency access', 'You looked at all that was delegated by it.'],
    'alone.review': [
      'Review what somebody did alone',
      'You looked at it and say what you think. It stays done alone: this approves nothing.',
    ],
    'vendor.approve': ['Approve the assessment of a vendor', 'What was found out is good until its date.'],
    'alert_policy.approve': [
      'Approve an alert policy',
      'It says how severe alerts are, who hears of them, and within how long somebody takes them.',
    ],
    'drift_policy.approve': [
      'Approve a drift policy',
      'It says when a session is over, how long agents warm up, and how often each level of drift may be reached by chance.',
    ],
    'baseline.approve': [
      'Approve a baseline',
      'Sessions of this agent are held against what it did so far. Look at what that was: what stands in it counts as usual from then on.',
    ],
    'domain.clear': [
      'Say that an agent’s memory was wiped',
      'From then on the rules on flows take it that this agent remembers nothing of what it has read. They cannot see whether that is so.',
    ],
    'tool.approve': [
      'Approve a tool whose definition changed',
      'With your approval agents may call the tool as it now says that it is.',
    ],
    'subject.erase': [
      'Erase what is kept of a subject',
      'It is gone for good. The log keeps its hashes, and every proof.',
    ],
    'hold.lift': ['Lift a legal hold', 'What it kept may be erased from then on.'],
    'log.prune': [
      'Prune the log',
      'The text of these entries is gone for good. Every hash stays, and every proof.',
    ],
    'kill.pull': [
      'Pull the kill switch',
      'What is named here is stopped at every enforcement point, at once, until people of the roster lift it.',
    ],
    'kill.lift': [
      'Lift a kill',
      'What these kills stopped may run again, once as many people of the roster as it takes have signed the same.',
    ],
    'issuer.trust': [
      'Trust another issuer',
      'Delegations that it issues will count at your enforcement points, past your own templates and approvals.',
    ],
  }),
)
