import { Text } from "@mantine/core";
import { IconArrowsSplit2, IconCircleCheck, IconQuestionMark } from "@tabler/icons-react";
import { Expandable, ExpandableList } from "../../../../ui/Expandable";
import { duration, phone } from "../../../../ui/format";
import { RelativeTime } from "../../../../ui/RelativeTime";
import { TextLink } from "../../../../ui/TextLink";
import { channelWords } from "../../../calls/words";
import { DifferenceList } from "../../../test/tests/DifferenceList";
import { resultInWords } from "../../../test/tests/differences";
import { partsAt, type RehearsedCall } from "./rehearsal";

const ORDER: Record<RehearsedCall["verdict"], number> = { otherwise: 0, not_rehearsed: 1, same_way: 2 };

/** The calls of a rehearsal, those that go another way first; each opens to what differs and leads to the call. */
export function CallResults({ calls, onLeave }: { calls: readonly RehearsedCall[]; onLeave: () => void }) {
  const shown = [...calls].sort((one, other) => ORDER[one.verdict] - ORDER[other.verdict]);
  return (
    <ExpandableList>
      {shown.map((call) => (
        <Expandable key={call.call_id} line={<Line call={call} />}>
          <Text size="sm" c="dimmed">
            {call.verdict === "not_rehearsed" ? `Not rehearsed: ${call.detail}.` : resultInWords({ ...call, passed: false, error: null })}
          </Text>
          {call.differences.length > 0 && <DifferenceList differences={call.differences} total={call.differences_total} />}
          <CallLink call={call} onLeave={onLeave} />
        </Expandable>
      ))}
    </ExpandableList>
  );
}

function Line({ call }: { call: RehearsedCall }) {
  return (
    <>
      <Mark verdict={call.verdict} />
      <span>{call.caller_phone ? phone(call.caller_phone) : channelWords(call.channel)}</span>
      <Text span size="sm" c="dimmed">
        <RelativeTime at={call.started_at} />
        {call.duration_ms !== null && ` · ${duration(call.duration_ms)}`}
      </Text>
    </>
  );
}

function Mark({ verdict }: { verdict: RehearsedCall["verdict"] }) {
  switch (verdict) {
    case "same_way":
      return <IconCircleCheck size={18} color="var(--callstage-accent-ink)" aria-label="The same way" />;
    case "otherwise":
      return <IconArrowsSplit2 size={18} color="var(--mantine-color-error)" aria-label="Another way" />;
    case "not_rehearsed":
      return <IconQuestionMark size={18} color="var(--mantine-color-dimmed)" aria-label="Not rehearsed" />;
  }
}

function CallLink({ call, onLeave }: { call: RehearsedCall; onLeave: () => void }) {
  const t = partsAt(call);
  return (
    <TextLink size="sm" to="/calls/$callId" params={{ callId: call.call_id }} search={t === null ? {} : { t }} onClick={onLeave}>
      {t !== null && call.verdict === "otherwise" ? "Open the call where it parts" : "Open the call"}
    </TextLink>
  );
}
