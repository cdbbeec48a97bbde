/** Parts of a screen, one shown at a time. Which one stands in the address: the screen passes it on. @module */
import { Badge, Tabs } from '@mantine/core'

export interface Tab<N extends string> {
  readonly name: N
  readonly label: string
  /** What waits there for somebody. */
  readonly count?: number | undefined
}

export function ShowTabs<N extends string>({
  label,
  tabs,
  shown,
  onShow,
  within = false,
}: {
  label: string
  tabs: readonly Tab<N>[]
  shown: N
  onShow: (name: N) => void
  /** Below other tabs, from which these have to look different. */
  within?: boolean
}) {
  return (
    <Tabs
      value={shown}
      onChange={(value) => {
        const found = tabs.find(({ name }) => name === value)
        if (found !== undefined) onShow(found.name)
      }}
      className="no-print"
      variant={within ? 'pills' : 'default'}
      radius="xl"
    >
      <Tabs.List aria-label={label}>
        {tabs.map((tab) => (
          <Tabs.Tab
            key={tab.name}
            value={tab.name}
            {...(tab.name === shown ? { ref: intoView } : {})}
            rightSection={
              tab.count !== undefined && tab.count > 0 ? (
                <Badge size="sm" variant="light" color="orange">
                  {tab.count}
                </Badge>
              ) : undefined
            }
          >
            {tab.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  )
}

/** On a narrow screen the strip scrolls: the one that is shown is in it. */
function intoView(tab: HTMLElement | null): void {
  tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
}
