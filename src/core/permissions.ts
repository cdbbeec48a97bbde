/**
 * The permission matrix: what each role may do, by what the control plane lets people ask for. spec/roles.md (ROL-13 to
 * ROL-16). One row a permission, with the operations of the API that it opens; an operation without a row is nobody's.
 * Not said here: who may approve what they asked for themselves, which each register knows (src/registry/gestures.ts).
 * @module
 */
import { operations, type Permission } from './operations.ts'

export type { Permission } from './operations.ts'

const CHANGING = ['owner', 'security', 'approver', 'developer', 'privacy'] as const
const EVERYBODY = [...CHANGING, 'auditor', 'viewer'] as const

export const PERMISSIONS: readonly Permission[] = [
  {
    name: 'registers.read',
    what: 'look at agents, delegations, tools, alerts, what was decided, and how all of it is doing',
    roles: EVERYBODY,
    operations: operations(`
      GET kills/{id} kills/history delegations/{jti}/terms actions/{action} actions agents/{id}/timeline people
        systems tools agents agents/search agent-names agents/{id} agents/{id}/versions agents/{id}/drift
        agents/{id}/isolation inventory inventory/gaps points topups domains templates templates/{id}
        tools/changes labels labels/proposals flow-policies drift-policies output-policies response-policies
        alert-policies baselines baselines/{id} outputs outputs/{id} outputs/coverage outputs/deviations
        attestations/{id} delegations delegations/{jti} revocations revocations/{seq}/acks kills lifts/{id} drills
        drills/{id}/report isolation capacity incidents incidents/{id} incidents/{id}/timeline alerts alerts/{id}
        fleet fleet/stream fleet/agents/{id} telemetry readiness approvals/load keys keys/oauth issuers
        issuers/{id} consent-terms bases notices consent-managers service-accounts
    `),
  },
  {
    name: 'log.read',
    what: 'read the log, its checkpoints and proofs, and watch it as it grows',
    roles: EVERYBODY,
    operations: operations(`
      GET entries/newest entries entries/stream checkpoints log/entries/{index} log/proof log/prunings /log/*
      POST viewer-links
    `),
  },
  {
    name: 'evidence.read',
    what: 'look at what packs would say, reviews, deficiencies, samples, vendors, breaches and what auditors asked for',
    roles: EVERYBODY,
    operations: operations(`
      GET evidence evidence/tests/{number} evidence/populations/{name} evidence/populations/{name}/file
        evidence/packs evidence/verifiers evidence/samples/{id}
      GET evaluations deficiencies deficiencies/{id} narratives reconciliations samples breaches breaches/{id}
        emergency-access alone vendors vendors/{id} access-reviews access-reviews/{id} previews previews/{id}
        previews/{id}/comments evidence-requests erasures holds
    `),
  },
  {
    name: 'own',
    what: 'ask for a role, be asked for a gesture of their own passkeys, and add, name and remove these',
    roles: 'anybody',
    operations: operations(`
      GET roles ceremonies/{id} passkeys passkeys/registration passkeys/{passkey}/removal
      POST roles ceremonies ceremonies/passkey passkeys passkeys/adding passkeys/{passkey}/name
        passkeys/{passkey}/remove
    `),
  },
  {
    name: 'stop',
    what: 'revoke a delegation, an agent, a key, a point or a person, and disable a service account',
    roles: CHANGING,
    operations: operations(`
      POST revocations agents/{id}/suspend agents/{id}/retire service-accounts/{id}/disable
    `),
  },
  {
    name: 'kill',
    what: 'pull the kill switch, drill it, probe its channel, and lift what was stopped',
    roles: ['owner', 'security'],
    operations: operations(`
      POST kills/draft kills lifts rosters/draft statements probes probes/sent drills drills/{id}/start
    `),
  },
  {
    name: 'second.person',
    what: 'stand with a gesture behind what others did: lift, end, close, review',
    roles: ['owner', 'security', 'approver', 'privacy'],
    operations: operations(`
      GET agents/{id}/isolation/lifting agents/{id}/oversight/ending domains/{id}/clearing incidents/{id}/closing
        evaluations/{id}/signing deficiencies/{id}/closing emergency-access/{id}/reviewing
        alone/{index}/reviewing
      POST lifts/{id}/sign drills/{id}/close agents/{id}/isolation/lift agents/{id}/oversight/end
        domains/{id}/clear incidents/{id}/close evaluations/{id}/sign deficiencies/{id}/close
        deficiencies/{id}/retest emergency-access/{id}/review alone/{index}/review
      APPROVE narratives/{id} vendors/{id}
    `),
  },
  {
    name: 'isolate',
    what: 'isolate agents and put them under oversight',
    roles: ['owner', 'security'],
    operations: operations(`POST agents/{id}/isolate agents/{id}/oversight`),
  },
  {
    name: 'alerts.work',
    what: 'take alerts and incidents, and say where alerts are told',
    roles: ['owner', 'security'],
    operations: operations(`
      GET channels alert-deliveries listeners
      POST alerts/{id}/acknowledge alerts/{id}/close incidents incidents/{id}/contain incidents/{id}/notes
        incidents/{id}/assign channels channels/{id}/remove channels/{id}/test alert-deliveries/redeliver
        listeners listeners/{id}/remove
    `),
  },
  {
    name: 'agents.propose',
    what: 'propose agents, versions and service accounts, register tools, enrol points, keep the inventory',
    roles: ['owner', 'developer'],
    operations: operations(`
      GET telemetry/sources
      POST systems tools agents agents/{id}/activate agents/{id}/keys agents/{id}/statements agents/{id}/versions
        agents/{id}/versions/{manifest}/withdraw agents/{id}/versions/{manifest}/statements inventory
        inventory/{id}/assign inventory/{id}/remove points telemetry/sources telemetry/sources/{id}/remove
        service-accounts service-accounts/{id}/invite
    `),
  },
  {
    name: 'agents.approve',
    what: 'approve agents, versions, changes of tools, and baselines',
    roles: ['owner', 'security', 'approver'],
    operations: operations(`
      APPROVE agents/{id} agents/{id}/versions/{manifest} tools/changes/{id} baselines/{id}
    `),
  },
  {
    name: 'policies.propose',
    what: 'propose templates, labels and policies',
    roles: ['owner', 'security', 'approver', 'developer'],
    operations: operations(`
      POST templates labels/proposals flow-policies drift-policies output-policies response-policies
        alert-policies
    `),
  },
  {
    name: 'policies.approve',
    what: 'approve templates, labels and policies',
    roles: ['owner', 'security', 'approver'],
    operations: operations(`
      APPROVE templates/{id} labels/proposals/{id} flow-policies/{id} drift-policies/{id} output-policies/{id}
        response-policies/{id} alert-policies/{id}
    `),
  },
  {
    name: 'delegate',
    what: 'authorize agents with delegations of their own, and answer drafts in which they have a part',
    roles: CHANGING,
    operations: operations(`
      GET delegations/drafts delegations/drafts/{jti}
      POST delegations/drafts delegations/drafts/{jti}/approve delegations/drafts/{jti}/decline
        delegations/drafts/{jti}/seal topups/{id}/grant topups/{id}/decline
    `),
  },
  {
    name: 'calls.decide',
    what: 'see calls that wait with their arguments, and decide on them',
    roles: ['owner', 'security', 'approver'],
    operations: operations(`
      GET approvals approvals/{id}
      POST approvals/{id}/decide approvals/links
    `),
  },
  {
    name: 'outputs.attest',
    what: 'register, review, attest and release outputs',
    roles: CHANGING,
    operations: operations(`
      GET reviews/{id} review-measures
      POST outputs outputs/{id}/release outputs/{id}/attest-directed outputs/{id}/reviews reviews/{id}/view
        reviews/{id}/refuse outputs/{id}/attestations attestations/{id}/seal attestations/{id}/withdraw
        attestations/{id}/dispute reviews/links
    `),
  },
  {
    name: 'outputs.seed',
    what: 'put outputs that are wrong on purpose before reviewers',
    roles: ['owner', 'security'],
    operations: operations(`POST seeds seeds/{id}/plant outputs/{id}/unplant`),
  },
  {
    name: 'privacy.work',
    what: 'keep notices, bases and consents, and answer data subjects',
    roles: ['owner', 'privacy'],
    operations: operations(`
      GET consents data-subjects/{id} data-subjects/{id}/cascades data-subjects/{id}/consents subject-requests
        consents/{id}/export consents/{id}/cascades subjects/{id}/erasure
      POST notices notices/{id}/text bases bases/{id}/end consent-managers consent-managers/{id}/remove
        data-subjects data-subjects/find data-subjects/{id}/identifiers data-subjects/{id}/identifiers/remove
        data-subjects/{id}/objections data-subjects/{id}/links data-subjects/{id}/requests
        subject-requests/{id}/extend subject-requests/{id}/close consents consents/{id}/withdraw
        subjects/{id}/erase
      APPROVE notices/{id} bases/{id} consent-managers/{id}
    `),
  },
  {
    name: 'breaches.work',
    what: 'record breaches of personal data, and whom they were told',
    roles: ['owner', 'security', 'privacy'],
    operations: operations(`
      GET breaches/{id}/closing
      POST breaches breaches/{id}/assess breaches/{id}/notices breaches/{id}/close
    `),
  },
  {
    name: 'fields.open',
    what: 'open a sealed field of an entry, on record, and place or lift legal holds',
    roles: ['owner', 'security', 'privacy'],
    operations: operations(`
      GET holds/{id}/lifting
      POST openings holds holds/{id}/lift
    `),
  },
  {
    name: 'notes.write',
    what: 'say in words what an entry has a code for',
    roles: CHANGING,
    operations: operations(`POST notes`),
  },
  {
    name: 'evidence.work',
    what: 'build packs, draw samples, reconcile, evaluate deviations, keep narratives and deficiencies',
    roles: ['owner', 'security'],
    operations: operations(`
      POST evaluations deficiencies deficiencies/{id}/assign deficiencies/{id}/notes narratives reconciliations
        samples samples/freezings packs backups/tests evidence-requests/{id}/answer previews/{id}/comments
        emergency-access evidence/packs evidence/cut-offs evidence/freezings evidence/freezings/{id}/draw
      GET evidence/packs/{id} evidence/packs/{id}/file
    `),
  },
  {
    name: 'vendors.work',
    what: 'keep vendors and their assessments',
    roles: ['owner', 'security', 'privacy'],
    operations: operations(`POST vendors vendors/{id}/record vendors/{id}/assess vendors/{id}/end`),
  },
  {
    name: 'access.review',
    what: 'hold reviews of access and decide in them',
    roles: CHANGING,
    operations: operations(`
      GET access-reviews/{id}/closing
      POST access-reviews access-reviews/{id}/assign access-reviews/{id}/decide access-reviews/{id}/act
        access-reviews/{id}/close
    `),
  },
  {
    name: 'auditors.admit',
    what: 'let a named auditor look at a period and criteria, and end that',
    roles: ['owner', 'security'],
    operations: operations(`
      POST previews previews/{id}/invite previews/{id}/revoke
      APPROVE previews/{id}
    `),
  },
  {
    name: 'people.endorse',
    what: 'endorse the registration of another person',
    roles: ['owner', 'security', 'approver'],
    operations: operations(`
      GET people/{id}/endorsement
      POST people/{id}/endorse
    `),
  },
  {
    name: 'people.manage',
    what: 'invite people, also again, and let them go, take roles and passkeys away',
    roles: ['owner', 'security'],
    operations: operations(`
      GET identities scim/clients people/{id}/passkeys
      POST people people/{id}/leave people/{id}/recover people/{id}/passkeys/{passkey}/remove roles/{id}/remove
        identities/{id}/unlink scim/clients scim/clients/{id}/renew scim/clients/{id}/remove
    `),
  },
  {
    name: 'roles.approve',
    what: 'approve who holds which role or custody, and service accounts',
    roles: ['owner', 'security'],
    operations: operations(`APPROVE roles/{id} service-accounts/{id}`),
  },
  {
    name: 'installation.manage',
    what: 'rotate keys, trust other issuers, prune the log',
    roles: ['owner'],
    operations: operations(`
      GET log/pruning
      POST keys/issuer/rotate keys/issuer/{kid}/retire keys/frame/draft keys/issuer/{kid}/compromise
        keys/oauth/rotate keys/oauth/{kid}/retire issuers issuers/drop log/prune
      APPROVE issuers/{id}
    `),
  },
]
