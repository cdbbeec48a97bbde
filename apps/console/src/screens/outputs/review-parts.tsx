/** Parts of the review desk: the output with what changed, and what fed it with labels. spec/outputs.md (OUT-10). @module */
import { Button, Group, List, Paper, Stack, Text, Title } from '@mantine/core'
import { Seen, SeenText } from '../../parts/seen.tsx'
import { Subject } from '../../parts/subject.tsx'
import { Pairs } from '../../parts/values.tsx'
import { count } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { Opened } from './output.tsx'
import type { ReviewView } from './output-queries.ts'

const t = words.outputs

export function ReviewedOutput({
  opened: { view, content },
  form,
  changes,
  onChanges,
}: {
  opened: Opened
  form: string
  changes: boolean
  onChanges: () => void
}) {
  const hasDraft = view.difference.distance > 0
  return (
    <Stack gap="xs" component="section">
      <Group justify="space-between">
        <Title order={2}>{t.theOutput}</Title>
        {hasDraft && (
          <Button size="xs" variant="default" onClick={onChanges} aria-pressed={changes}>
            {changes ? t.hideChanges : t.showChanges}
          </Button>
        )}
      </Group>
      <div className="lines" role="document" aria-label={t.theOutput} tabIndex={0}>
        {changes && hasDraft ? (
          <Pieces of={view.difference.pieces} />
        ) : (
          <SeenText of={readable(content, form)} />
        )}
      </div>
      <Text size="sm" c="dimmed">
        {t.size(count(content.length))} {hasDraft ? t.differs(count(view.difference.distance)) : t.asDrafted}
      </Text>
    </Stack>
  )
}

/** JSON with line breaks of ours; what it says is the same. */
function readable(content: string, form: string): string {
  if (form !== 'json') return content
  try {
    return JSON.stringify(JSON.parse(content), null, 2)
  } catch {
    return content
  }
}

function Pieces({ of }: { of: ReviewView['difference']['pieces'] }) {
  return (
    <>
      {of.map(({ op, text }, at) => {
        if (op === 'added')
          return (
            <ins key={at}>
              <SeenText of={text} />
            </ins>
          )
        if (op === 'removed')
          return (
            <del key={at}>
              <SeenText of={text} />
            </del>
          )
        return <SeenText key={at} of={text} />
      })}
    </>
  )
}

export function Sources({ view, names }: { view: ReviewView; names: Readonly<Record<string, string>> }) {
  const { sources, chain } = view
  return (
    <Stack gap="md">
      <Paper withBorder p="md" component="section">
        <Stack gap="xs">
          <Title order={2}>{t.madeFrom}</Title>
          {sources.length === 0 && <Text c="dimmed">{t.madeFromNothing}</Text>}
          <List listStyleType="none" spacing="xs">
            {sources.map(({ action, server, tool, label }) => (
              <List.Item key={action}>
                <Text fw={600} size="sm">
                  {server === null ? t.notLogged : <Seen of={`${server}: ${tool}`} />}
                </Text>
                <Text size="sm">
                  <Seen of={labelText(label)} />
                </Text>
                <Text size="xs" c="dimmed" className="mono">
                  {action}
                </Text>
              </List.Item>
            ))}
          </List>
        </Stack>
      </Paper>
      <Paper withBorder p="md" component="section">
        <Stack gap="xs">
          <Title order={2}>{t.chain}</Title>
          {chain === null ? (
            <Text c="dimmed">{t.noAgent}</Text>
          ) : (
            <Pairs
              of={[
                [t.agent, <Subject key="agent" of={chain.agent} names={names} />],
                [t.delegation, <Subject key="jti" of={chain.jti} names={names} />],
                [t.rootOf, <Subject key="root" of={chain.root} names={names} />],
              ]}
            />
          )}
        </Stack>
      </Paper>
    </Stack>
  )
}

/** What a tool gives, as its label in force says. */
function labelText(label: string | null): string {
  if (label === null) return t.unlabelled
  const { result } = JSON.parse(label) as {
    result: { level?: string; integrity?: string; categories?: readonly string[] }
  }
  const rest = [result.integrity, ...(result.categories ?? [])].filter((one) => one !== undefined)
  return t.gives(result.level ?? 'data', rest.length === 0 ? '' : `, ${rest.join(', ')}`)
}
