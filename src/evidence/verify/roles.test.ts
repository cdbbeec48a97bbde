/** Who administers the installation, as a log should say it and not. spec/roles.md (ROL-7, ROL-12). */
import { describe, expect, test } from 'vitest'
import { ControlLog } from '../../../test/fixtures/control-log.ts'
import { ALICE, BOB } from '../../../test/fixtures/history.ts'
import { reviewAccess } from '../../../test/fixtures/reviewed.ts'
import {
  approveRole,
  custodyOf,
  grantRole,
  proposeRole,
  removeRole,
} from '../../../test/fixtures/role-acts.ts'
import type { Actor } from '../../log/entries.ts'

/** Codes of faults, with the entry that each is about. */
async function faultsOf(control: ControlLog): Promise<unknown[]> {
  return (await control.tested()).faults.map(({ code, index }) => [code, index])
}

const SYSTEM: Actor = { kind: 'system', id: 'control-plane' }

describe('a role', () => {
  test('holds when another person approved it, until it is removed', async () => {
    const control = new ControlLog()
    removeRole(control, grantRole(control, custodyOf(control)))
    removeRole(control, proposeRole(control, custodyOf(control)))
    expect(await faultsOf(control)).toEqual([])
  })

  test('is of the set-up once, and for the first person alone', async () => {
    const control = new ControlLog()
    const owner = (name: string) =>
      ({ kind: 'role', person: control.person(name).id, role: 'owner' }) as const
    const again = control.log.add('role.preset', SYSTEM, control.next('rol'), owner(ALICE))
    const own = control.log.add('role.preset', control.person(BOB), control.next('rol'), owner(BOB))
    expect(await faultsOf(control)).toEqual([
      ['ROLE_INVALID', again],
      ['ROLE_INVALID', own],
    ])
  })

  test.each<[string, (c: ControlLog) => number]>([
    [
      'approved twice',
      (c) => {
        const held = custodyOf(c)
        return approveRole(c, grantRole(c, held), held)
      },
    ],
    [
      'approved after it was removed',
      (c) => {
        const held = custodyOf(c)
        const granted = proposeRole(c, held)
        removeRole(c, granted)
        return approveRole(c, granted, held)
      },
    ],
    [
      'that nobody proposed',
      (c) => {
        const proposed = c.log.entries.length - 1
        return approveRole(c, { role: c.next('rol'), proposed }, custodyOf(c))
      },
    ],
    [
      'that its holder approved, and says that another did',
      (c) => {
        const held = custodyOf(c, BOB)
        return approveRole(c, proposeRole(c, held), held)
      },
    ],
    [
      'that one person gave themselves',
      (c) => {
        const held = custodyOf(c)
        return approveRole(c, proposeRole(c, held), held, { by: ALICE, alone: true })
      },
    ],
    [
      'removed twice',
      (c) => {
        const granted = grantRole(c, custodyOf(c))
        removeRole(c, granted)
        return removeRole(c, granted)
      },
    ],
  ])('%s does not hold', async (_, bend) => {
    const control = new ControlLog()
    const index = bend(control)
    expect(await faultsOf(control)).toEqual([['ROLE_INVALID', index]])
  })
})

describe('an owner', () => {
  const ownerOf = (c: ControlLog, name: string) =>
    ({ kind: 'role', person: c.person(name).id, role: 'owner' }) as const
  /** As the log says it: the frame names the handle, the entry who revoked it. */
  function letGo(c: ControlLog, name: string, by: string): number {
    const { rev } = c.log.people.get(name)!
    return c.log.revoke('person', rev, (frame) => frame, 'frame', rev, by)
  }

  test('is made by an owner, and one of two may go by anybody', async () => {
    const control = new ControlLog()
    control.log.person('dora')
    const held = ownerOf(control, 'dora')
    approveRole(control, proposeRole(control, held, 'dora'), held, { by: ALICE })
    letGo(control, 'dora', BOB)
    expect(await faultsOf(control)).toEqual([])
  })

  test('is not made by who is none, while one is here', async () => {
    const control = new ControlLog()
    control.log.person('dora')
    const held = ownerOf(control, 'dora')
    const at = approveRole(control, proposeRole(control, held), held)
    expect(await faultsOf(control)).toEqual([['ROLE_INVALID', at]])
  })

  test('who is the last is removed and let go by nobody, themselves included', async () => {
    const control = new ControlLog()
    const role = control.log.id('rol', 'owner')
    const gone = letGo(control, ALICE, BOB)
    expect(await faultsOf(control)).toEqual([['ROLE_INVALID', gone]])
    const other = new ControlLog()
    const removed = removeRole(other, { role })
    expect(await faultsOf(other)).toEqual([['ROLE_INVALID', removed]])
    const own = new ControlLog()
    const left = letGo(own, ALICE, ALICE)
    expect(await faultsOf(own)).toEqual([['ROLE_INVALID', left]])
  })
})

describe('a review of roles', () => {
  test('holds over all that is in force, and what it decides to remove is removed', async () => {
    const control = new ControlLog()
    reviewAccess(control, { list: 'roles', revoke: 'done' })
    expect(await faultsOf(control)).toEqual([])
  })

  test.each([
    ['that leaves one out', { short: true }, 'opened'],
    ['in which somebody decides on themselves', { own: true }, 'decided'],
  ] as const)('%s does not hold', async (_, bent, about) => {
    const control = new ControlLog()
    const reviewed = reviewAccess(control, { list: 'roles', ...bent })
    expect(await faultsOf(control)).toEqual([['ROLE_REVIEW_INVALID', reviewed[about]]])
  })
})
