import { Box, Stack } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { IconPhone } from "@tabler/icons-react";
import { EmptyState } from "../../../ui/EmptyState";
import { ErrorState } from "../../../ui/ErrorState";
import { Loading } from "../../../ui/Loading";
import { CarrierPanel } from "../../numbers/CarrierPanel";
import { useDraft } from "../draft/DraftProvider";
import { NoNumber } from "./NoNumber";
import { OwnNumber } from "./OwnNumber";
import { numberOf, useNumbers } from "./useNumbers";

/** The agent's number: added, live or not, and where its calls go otherwise (rules N1, N2, N5). */
export function VoipTab() {
  const { draft } = useDraft();
  useDocumentTitle(`${draft.display_name}: VoIP · Callstage`);
  const numbers = useNumbers();
  const number = numberOf(numbers.data, draft.agent_id);
  return (
    <Box p={{ base: "md", sm: "xl" }} maw={880}>
      {draft.channel === "chat" ? (
        <EmptyState icon={<IconPhone size={28} stroke={1.5} />} title="A chat agent has no number">
          It answers on your pages and by e-mail. Make a voice agent to answer the phone.
        </EmptyState>
      ) : numbers.error ? (
        <ErrorState error={numbers.error} what="The numbers" onRetry={numbers.refetch} />
      ) : numbers.isPending ? (
        <Loading />
      ) : (
        <Stack gap="lg">
          {number ? <OwnNumber key={number.id} number={number} /> : <NoNumber numbers={numbers.data} />}
          <CarrierPanel />
        </Stack>
      )}
    </Box>
  );
}
