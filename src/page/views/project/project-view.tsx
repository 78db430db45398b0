import { account } from '../../account.ts'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { here, href } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { Ago } from '../../parts/values.tsx'
import { Visibility } from '../../parts/visibility.tsx'
import { AccountsPart } from './accounts-part.tsx'
import { BadgesPart } from './badges-part.tsx'
import { MembersPart } from './members-part.tsx'
import { ProtectionSettings } from './protection-settings.tsx'
import { QuotaSetting } from './quota-setting.tsx'
import { RepositoriesPart } from './repositories-part.tsx'
import { RetentionPart } from './retention-part.tsx'
import { SettingsPart } from './settings-part.tsx'
import { UsageLine } from './usage-line.tsx'
import './project.css'

/** The parts, and whether they are for those who administer the project. */
const PARTS = [
  ['repositories', 'Repositories', false],
  ['members', 'Members', true],
  ['accounts', 'Service accounts', true],
  ['badges', 'Badges', true],
  ['retention', 'Retention', false],
  ['settings', 'Settings', true],
] as const

/** A project: who may what, keys for machines, settings. */
export function ProjectView() {
  const { query } = here.value
  const name = query.get('name') ?? ''
  useTitle(name)
  const asked = useAnswer(`project ${name}`, (signal) =>
    call('getProject', { params: { project: name } }, signal),
  )
  const usage = useAnswer(`usage ${name}`, (signal) =>
    call('getUsage', { params: { project: name } }, signal),
  )
  const who = account.value
  const isAdministrator = who?.kind === 'unchecked' || (who?.kind === 'user' && who.admin)
  const part = PARTS.find(([one]) => one === query.get('part'))?.[0] ?? 'repositories'
  return (
    <Answered asked={asked} what="Reading the project" title={name}>
      {(project) => (
        <>
          <div class="heading">
            <h1>{project.name}</h1>
            <Visibility open={project.public} />
            <span class="dim">
              made <Ago date={project.created} />
            </span>
          </div>
          {usage.value !== undefined && <UsageLine usage={usage.value} />}
          <nav class="tabs" aria-label="Parts of the project">
            {PARTS.filter(([, , administers]) => project.may.administer || !administers).map(
              ([one, label]) => (
                <a
                  key={one}
                  href={href('project', { name, part: one })}
                  aria-current={one === part ? 'page' : undefined}
                >
                  {label}
                </a>
              ),
            )}
          </nav>
          {part === 'repositories' && <RepositoriesPart project={name} mayPush={project.may.push} />}
          {part === 'members' && <MembersPart project={name} />}
          {part === 'accounts' && <AccountsPart project={name} />}
          {part === 'badges' && <BadgesPart project={name} open={project.public} />}
          {part === 'retention' && <RetentionPart project={name} mayChange={project.may.administer} />}
          {part === 'settings' && (
            <>
              {project.may.administer && <ProtectionSettings project={name} />}
              {isAdministrator && usage.value !== undefined && (
                <QuotaSetting project={name} usage={usage.value} changed={usage.again} />
              )}
              <SettingsPart project={project} again={asked.again} />
            </>
          )}
        </>
      )}
    </Answered>
  )
}
