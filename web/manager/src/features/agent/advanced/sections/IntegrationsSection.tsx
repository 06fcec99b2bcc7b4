import { Select, Text } from "@mantine/core";
import { $api, type Schemas } from "../../../../api/api";
import { ErrorState } from "../../../../ui/ErrorState";
import { Loading } from "../../../../ui/Loading";
import { Section } from "../../../../ui/Section";
import { TextLink } from "../../../../ui/TextLink";
import { useDraft } from "../../draft/DraftProvider";
import { Setting } from "../settings/Setting";
import { problemOfField } from "../settings/typed";

type Category = Schemas["IntegrationReply"]["category"];

const CATEGORIES: [Category, string, string][] = [
  ["email", "E-mail", 'Tools send mails with integrations.get("email").send(…).'],
  ["calendar", "Calendar", "Tools look for free slots and book them."],
  ["whatsapp", "WhatsApp", "Tools send messages."],
];
const NONE = "";

/** Which accounts of the workspace the agent's tools may use (rules I1, I2). */
export function IntegrationsSection() {
  const { draft, patch, isReadOnly, problem } = useDraft();
  const accounts = $api.useQuery("get", "/v1/integrations");
  const attached = draft.integrations ?? {};
  const attach = (category: Category, id: string) => {
    const { [category]: _, ...others } = attached;
    patch({ integrations: id === NONE ? others : { ...others, [category]: id } });
  };
  return (
    <Section
      title="Integrations"
      anchor="integrations"
      description={
        <>
          Accounts that this agent's code may use. They are connected under{" "}
          <TextLink to="/integrations" underline="always">
            Integrations
          </TextLink>
          .
        </>
      }
    >
      {accounts.error ? (
        <ErrorState error={accounts.error} what="The integrations" onRetry={accounts.refetch} />
      ) : !accounts.data ? (
        <Loading lines={3} />
      ) : (
        CATEGORIES.map(([category, label, explanation]) => {
          const known = accounts.data.integrations.filter((item) => item.category === category);
          const value = attached[category] ?? NONE;
          const isGone = value !== NONE && !known.some((item) => item.id === value);
          const options = known.map((item) => ({ value: item.id, label: item.account ? `${item.name} (${item.account})` : item.name }));
          return (
            <Setting
              key={category}
              label={label}
              explanation={explanation}
              problem={isGone ? "The attached account is gone; choose another one." : problemOfField(problem, "integrations")}
            >
              {(control) =>
                known.length === 0 && !isGone ? (
                  <Text c="dimmed">
                    None connected.{" "}
                    <TextLink to="/integrations" underline="always">
                      Connect one
                    </TextLink>
                  </Text>
                ) : (
                  <Select
                    {...control}
                    data={[{ value: NONE, label: "Not attached" }, ...options]}
                    value={isGone ? null : value}
                    disabled={isReadOnly}
                    onChange={(id) => attach(category, id ?? NONE)}
                  />
                )
              }
            </Setting>
          );
        })
      )}
    </Section>
  );
}
