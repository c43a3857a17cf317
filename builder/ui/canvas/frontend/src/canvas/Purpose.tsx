import type { ReactElement } from "react";
import type { Dataset, Task } from "./catalogue.ts";
import { usePart, useSession } from "./context.ts";
import { choices, means } from "./datasets.ts";

const sizes = (dataset: Dataset): string => `${dataset.shape.join("×")}, ${dataset.classes} classes`;

function Choice(props: {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, title: string])[];
  readonly help: string;
  readonly disabled: boolean;
  onChange(value: string): void;
}): ReactElement {
  const { id, name, value, options, help, disabled, onChange } = props;
  return (
    <div className="field">
      <label className="field-name" htmlFor={id}>
        {name}
      </label>
      <select id={id} className="text" value={value} disabled={disabled} aria-describedby={`${id}-help`} onChange={(event) => onChange(event.target.value)}>
        {!options.some(([key]) => key === value) && <option value={value}>{value}</option>}
        {options.map(([key, title]) => (
          <option key={key} value={key}>
            {title}
          </option>
        ))}
      </select>
      <p className="help" id={`${id}-help`}>
        {help}
      </p>
    </div>
  );
}

/** What the network is for: the task, and the data whose samples enter it. */
export function Purpose(): ReactElement | null {
  const session = useSession();
  const settings = usePart((snap) => snap.data.settings);
  const editable = usePart((snap) => snap.data.editable !== false);
  const registered = usePart((snap) => snap.catalogue.datasets);
  const tasks = usePart((snap) => snap.catalogue.tasks);
  if (!settings || !registered || !tasks) return null;
  const datasets = choices(registered, settings.own);
  const task: Task | undefined = tasks.find((one) => one.kind === settings.task);
  const dataset = datasets.find((one) => one.source === settings.source);
  return (
    <section className="purpose" aria-label="What the network is for">
      <Choice
        id="bw-task"
        name="Task"
        value={settings.task}
        options={tasks.map((one) => [one.kind, one.title])}
        help={task?.summary ?? ""}
        disabled={!editable}
        onChange={(value) => session.send({ op: "settings", path: "task.kind", value })}
      />
      {task?.trains !== false && (
        <Choice
          id="bw-data"
          name="Data"
          value={settings.source}
          options={datasets.map((one) => [one.source, one.title])}
          help={dataset ? `Samples of ${sizes(dataset)}` : ""}
          disabled={!editable}
          onChange={(source) => session.send({ op: "choose_data", source: means(source, settings.own) })}
        />
      )}
    </section>
  );
}
