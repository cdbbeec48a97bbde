/** Pulling: what, why, what it hits, and one person's gesture. spec/kill.md (KIL-14). @module */
import { Alert, Autocomplete, Grid, Paper, Stack } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { OctagonX, ShieldAlert } from 'lucide-react'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { ActButton } from '../../parts/act-button.tsx'
import { useNames } from '../../parts/names.ts'
import { useSession, whyNot } from '../../session/session.ts'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import { Consequences, hitBy, registersQuery } from './consequences.tsx'
import { KillDraft, SCOPE_KINDS, scopeText, type Scope, type Switch } from './kill-queries.ts'
import { ScopePicker, scopeOf, type Picked } from './scope-picker.tsx'

const t = words.kill
const CODE = /^[a-z][a-z0-9_-]{0,63}$/

export function Pull({ roster, isKnown }: { roster: Switch['roster'] | undefined; isKnown: boolean }) {
  const session = useSession()
  const { scope: kind, of } = useSearch({ from: '/inside/kill' })
  const navigate = useNavigate({ from: '/kill' })
  const [reason, setReason] = useState('')
  const [draft, setDraft] = useState<{ scope: Scope; draft: KillDraft } | null>(null)
  const picked: Picked = { kind: SCOPE_KINDS.find((one) => one === kind) ?? 'agent', id: of ?? null }
  const scope = scopeOf(picked)
  const code = reason.trim().toLowerCase().replaceAll(/\s+/g, '_')
  const isCode = CODE.test(code)
  const why = whyNot(session, 'kill') ?? (scope === null || !isCode ? t.chooseFirst : null)
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Paper withBorder p="md" component="section" h="100%">
          <Stack gap="md">
            <ScopePicker
              value={picked}
              onChange={(to) =>
                void navigate({
                  search: (old) => ({ ...old, scope: to.kind, of: to.id ?? undefined, kill: undefined }),
                  replace: true,
                })
              }
            />
            <Autocomplete
              label={t.reason}
              description={t.reasonHint}
              error={reason !== '' && !isCode ? t.reasonWrong : null}
              data={[...t.reasons]}
              value={reason}
              onChange={setReason}
              required
            />
            {isKnown && (roster === undefined || roster === null) && (
              <Alert color="yellow" icon={<ShieldAlert aria-hidden />}>
                {t.noRoster}
              </Alert>
            )}
            <ActButton
              color="red"
              size="md"
              leftSection={<OctagonX size={18} aria-hidden />}
              whyNot={why}
              onClick={() => scope !== null && setDraft({ scope, draft: new KillDraft(scope, code) })}
            >
              {t.pull}
            </ActButton>
          </Stack>
        </Paper>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Consequences scope={scope} />
      </Grid.Col>
      {draft !== null && <PullDialog {...draft} onClose={() => setDraft(null)} />}
    </Grid>
  )
}

function PullDialog({ scope, draft, onClose }: { scope: Scope; draft: KillDraft; onClose: () => void }) {
  const session = useSession()
  const queries = useQueryClient()
  const navigate = useNavigate({ from: '/kill' })
  const names = useNames()
  const registers = useQuery(registersQuery)
  const points = registers.data && hitBy(scope, registers.data, Math.floor(session.now / 1_000)).points
  return (
    <GestureDialog
      title={t.pull}
      consequences={t.pullText(scopeText(scope, names), t.pointsN(points ? count(points.length) : '–'))}
      ask={draft.ask}
      askKey={['kill', JSON.stringify(scope)]}
      take={async (parts) => {
        await said(api.POST('/v1/kills', { body: { ...parts, kill: draft.kill } }))
        void navigate({ search: { kill: draft.kill.id } })
      }}
      names={Object.fromEntries(names)}
      onDone={() => void queries.invalidateQueries({ queryKey: ['kills'] })}
      onClose={onClose}
      danger
    />
  )
}
