// Brightness and contrast of the picture on screen. Its pixels, the masks and files stay as they are.

import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { isAsTaken, MOST_LIGHT, resetLight } from "../../commands/appearance";
import type { Store } from "../../state/store";
import { Field } from "../controls/field";
import { IconButton } from "../controls/icon-button";
import { Popover } from "../controls/popover";

export function PictureLight({ store }: { store: Store }) {
  const button = useRef<HTMLButtonElement>(null);
  const open = useSignal(false);
  const close = useRef(() => {
    open.value = false;
  });
  return (
    <>
      <IconButton
        icon="light"
        label="Brightness and contrast of the picture"
        testId="light-open"
        opens="dialog"
        expanded={open.value}
        pressed={!isAsTaken(store)}
        element={button}
        onPress={() => {
          open.value = !open.value;
        }}
      />
      {open.value && (
        <Popover
          anchor={button}
          role="dialog"
          label="Brightness and contrast"
          testId="light"
          onClose={close.current}
        >
          <div class="sam-light">
            <Slider name="Brightness" testId="brightness" value={store.brightness} />
            <Slider name="Contrast" testId="contrast" value={store.contrast} />
            <div class="sam-light-foot">
              <p class="sam-hint">Only how it looks: masks and files do not change.</p>
              <button
                type="button"
                class="sam-button"
                data-testid="light-reset"
                aria-disabled={isAsTaken(store)}
                onClick={() => resetLight(store)}
              >
                Reset
              </button>
            </div>
          </div>
        </Popover>
      )}
    </>
  );
}

interface SliderProps {
  name: string;
  testId: string;
  value: Signal<number>;
}

/** Logarithmic: half and double are equally far from the middle, which is the picture as it is. */
function Slider({ name, testId, value }: SliderProps) {
  const percent = Math.round(100 * value.value);
  return (
    <label class="sam-slider">
      <span>{name}</span>
      <Field
        type="range"
        min="-100"
        max="100"
        step="5"
        value={() => String(Math.round((100 * Math.log(value.value)) / Math.log(MOST_LIGHT)))}
        data-testid={testId}
        aria-label={name}
        aria-valuetext={`${percent} per cent`}
        onInput={({ currentTarget }) => {
          value.value = MOST_LIGHT ** (currentTarget.valueAsNumber / 100);
        }}
      />
      <output>{`${percent}\u202f%`}</output>
    </label>
  );
}
