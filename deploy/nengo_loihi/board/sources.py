"""nengo-loihi's snips as C and C++, with their faults mended.

The templates are nengo-loihi 1.1.0's own (``hardware/snips``); each edit names the lines that it
takes the place of, and is refused where these are not there.

- What a packet has beyond its values was never written, and −1 in its last word stands for the
  end of the run. Packets now end in a zero.
- A compartment is taken to have spiked where the register of its voltage holds its refractory time
  in units of 128, which a voltage may be too: one in 6,300 readings of the lessons
  (``benchmarks/false_spikes.py``). The snip now follows each voltage, and knows the one from the
  other.
- Voltages were sent as they are in the register, refractory counts among them.
- What it counts to pass the time at the end of a run overflowed.
- A chip that ends the run sent one packet, and the host waited for as many as a step has.
- What comes from the host was not checked: a packet of other numbers wrote beyond ``userData``,
  or read beyond a buffer. Nor was whether the host's port could be had.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Tuple

import jinja2

from deploy.errors import TargetUnavailable
from deploy.nengo_loihi.load import load_nengo_loihi

Edit = Tuple[str, str]

TAKE_VOLTAGE = """
{% if takes_voltages %}
// Follows a compartment's voltage by a step; returns whether it spiked. The register holds a
// refractory time, in units of 128, from a spike on; a voltage that is the same number is what
// the step before leads to.
static int take_voltage(int32_t u, int32_t v, int32_t after_spike, int32_t keep, int32_t bias,
                        int32_t lowest, int32_t highest, int32_t *voltage, int32_t *refractory) {
    int64_t size = *voltage < 0 ? -(int64_t)*voltage : *voltage;
    int64_t kept = (size * keep) >> 12;
    int64_t drive = (((int64_t)u + bias + (1 << 23)) & ((1 << 24) - 1)) - (1 << 23);
    int64_t next = (*voltage < 0 ? -kept : kept) + drive;
    next = next < lowest ? lowest : next > highest ? highest : next;
    if (*refractory > 0) {
        (*refractory)--;
    }
    *voltage = 0;
    if (*refractory > 0) {
        return 0;
    }
    if (v == after_spike && next != v) {
        *refractory = after_spike / 128;
        return 1;
    }
    *voltage = v;
    return 0;
}
{% endif %}

{% for p in outputs %}
{% set k = loop.index0 %}
static const int16_t compartment_{{ k }}[] = { {{ p.compartments | join(", ") }} };
{% if p.key != "u" %}
static const int32_t after_spike_{{ k }}[] = { {{ p.after_spike | join(", ") }} };
static const int32_t keep_{{ k }}[] = { {{ p.keep | join(", ") }} };
static const int32_t bias_{{ k }}[] = { {{ p.bias | join(", ") }} };
static const int32_t lowest_{{ k }}[] = { {{ p.lowest | join(", ") }} };
static const int32_t highest_{{ k }}[] = { {{ p.highest | join(", ") }} };
static int32_t voltage_{{ k }}[] = { {{ p.voltage | join(", ") }} };
static int32_t refractory_{{ k }}[{{ p.compartments | length }}];
{% endif %}
{% endfor %}

// of each core's id: entries of its synapse map, 0 for a core that is not used
static const int32_t entries_of_core[] = { {{ entries_of_core | join(", ") }} };
// of each error block: where it leads, and how many errors it has
static const int32_t learning_core[] = { {{ learning_cores | join(", ") }} };
static const int32_t learning_size[] = { {{ learning_sizes | join(", ") }} };

void nengo_io(runState *s) {
"""

WRITE_OUTPUTS = """    // Write output
    buffer[0] = s->time_step;  // first output is time step
{% for p in outputs %}
{% set k = loop.index0 %}
{% if p.key == "spike" %}
    for (int i = {{ p.first }}; i < {{ p.first + p.words }}; i++) {
        buffer[i] = 0;
    }
{% endif %}
    for (int i = 0; i < {{ p.compartments | length }}; i++) {
        int j = compartment_{{ k }}[i];
{% if p.key == "u" %}
        buffer[{{ p.first }} + i] = core{{ p.core }}->cx_state[j].U;
{% else %}
        int spike = take_voltage(
            core{{ p.core }}->cx_state[j].U, core{{ p.core }}->cx_state[j].V,
            after_spike_{{ k }}[i], keep_{{ k }}[i], bias_{{ k }}[i], lowest_{{ k }}[i],
            highest_{{ k }}[i], &voltage_{{ k }}[i], &refractory_{{ k }}[i]);
{% if p.key == "v" %}
        (void)spike;
        buffer[{{ p.first }} + i] = voltage_{{ k }}[i];
{% else %}
        buffer[{{ p.first }} + i / 32] |= (int32_t)((uint32_t)spike << (i % 32));
{% endif %}
{% endif %}
    }
{% endfor %}
    for (int i = N_OUTPUTS; i < N_OUTPUT_PACKETS * PACKET_ELEMENTS; i++) {
        buffer[i] = 0;
    }

"""

IO: Tuple[Edit, ...] = (
    ("sum += (i*i) % 10;", "sum += (int)((int64_t)i * i % 10);"),
    ("sum -= (i*i) % 10;", "sum -= (int)((int64_t)i * i % 10);"),
    (
        "            writeChannel(out_channel, buffer, 1);\n",
        "            writeChannel(out_channel, buffer, N_OUTPUT_PACKETS);\n",
    ),
    ("\nvoid nengo_io(runState *s) {\n", TAKE_VOLTAGE),
    (
        "    if (n_spikes < 0) {\n",
        "    if (n_spikes < 0 || n_spikes > {{ most_spikes }}) {\n",
    ),
    (
        "        if (axon_type == 0) {\n",
        "        if (core_id.id < 0 ||\n"
        "            core_id.id >= (int)(sizeof entries_of_core / sizeof entries_of_core[0]) ||\n"
        "            axon_id >= entries_of_core[core_id.id]) {\n"
        '            printf("Got a spike to nowhere: %d.%d\\n", spike[0], spike[1]);\n'
        "            shutdown(buffer);\n"
        "            return;\n"
        "        }\n"
        "        if (axon_type == 0) {\n",
    ),
    (
        "        } else if (axon_type >= 16) {\n",
        "        } else if (axon_type >= 16 && axon_type < 32) {\n",
    ),
    (
        "        if (n_errors < 0) {\n            // move to next error block\n",
        "        if (n_errors < 0) {\n"
        "            if (buffer[buffer_pos] != learning_core[i_error] ||\n"
        "                buffer[buffer_pos + 1] != learning_size[i_error]) {\n"
        '                printf("Got errors of nobody: %d.%d\\n", buffer[buffer_pos],\n'
        "                       buffer[buffer_pos + 1]);\n"
        "                shutdown(buffer);\n"
        "                return;\n"
        "            }\n"
        "            // move to next error block\n",
    ),
)
OUTPUTS_FROM, OUTPUTS_TO = "    // Write output\n", '#if DEBUG > 0\n    printf("Sending %d'

RECEIVE = """  private:

    // Bytes of whole words, at least so many; less only where the client is gone.
    ssize_t receive(int32_t *at, size_t most, size_t least, int flags) {
        ssize_t n = recv(client_socket, at, most, flags);
        while (n > 0 && (n % 4 != 0 || (size_t)n < least)) {
            size_t wanted = (size_t)n < least ? least - n : 4 - n % 4;
            ssize_t more = recv(client_socket, (char*)at + n, wanted, 0);
            if (more <= 0) {
                return -1;
            }
            n += more;
        }
        return n;
    }
"""

HOST: Tuple[Edit, ...] = (
    (
        "        bind(server_socket, (struct sockaddr*)&server_address,\n"
        "             sizeof(struct sockaddr));\n",
        "        int reuse = 1;\n"
        "        setsockopt(server_socket, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));\n"
        "        if (bind(server_socket, (struct sockaddr*)&server_address,\n"
        "                 sizeof(struct sockaddr)) < 0) {\n"
        '            msg("The port is in use");\n'
        "            close(server_socket);\n"
        "            server_socket = client_socket = -1;\n"
        "            is_shutdown = true;\n"
        "            return;\n"
        "        }\n",
    ),
    (
        "            ssize_t n_read = recv(client_socket, buffer, 4 * READ_SIZE, 0);\n",
        "            ssize_t n_read = receive(buffer, 4 * READ_SIZE, 4, 0);\n"
        "            if (n_read <= 0) {\n"
        '                msg("The client is gone");\n'
        "                shutdown();\n"
        "                return;\n"
        "            }\n"
        "            if (buffer[0] >= 0 && n_read < 4 * N_CHIPS) {\n"
        "                ssize_t more = receive(&buffer[n_read / 4], 4 * N_CHIPS - n_read,\n"
        "                                       4 * N_CHIPS - n_read, 0);\n"
        "                n_read = more <= 0 ? 0 : n_read + more;\n"
        "            }\n",
    ),
    (
        "            memcpy(chip_sizes, buffer, 4 * N_CHIPS);\n",
        "            memcpy(chip_sizes, buffer, 4 * N_CHIPS);\n"
        "            for (int i = 0; i < N_CHIPS; i++) {\n"
        "                if (chip_sizes[i] < 1 || chip_sizes[i] > most_words[i]) {\n"
        '                    msg("A message of %d words to chip %d", chip_sizes[i], i);\n'
        "                    shutdown();\n"
        "                    return;\n"
        "                }\n"
        "            }\n",
    ),
    (
        "memcpy(buffer, &buffer[buffer_pos], 4 * (buffer_len - buffer_pos));",
        "memmove(buffer, &buffer[buffer_pos], 4 * (buffer_len - buffer_pos));",
    ),
    (
        "n_read = recv(client_socket, &buffer[buffer_len], 4*READ_SIZE, MSG_DONTWAIT);",
        "n_read = receive(&buffer[buffer_len], 4*READ_SIZE, 4, MSG_DONTWAIT);",
    ),
    (
        "const int output_packets[N_CHIPS] = { {{ output_packets }} };\n",
        "const int output_packets[N_CHIPS] = { {{ output_packets }} };\n"
        "const int most_words[N_CHIPS] = { {{ most_words }} };\n",
    ),
    ("  private:\n", RECEIVE),
)


def edited(name: str, text: str, edits: Tuple[Edit, ...]) -> str:
    """A template with its lines replaced.

    Raises
    ------
    TargetUnavailable
        If a line is not there once.
    """
    for old, new in edits:
        if text.count(old) != 1:
            raise TargetUnavailable(
                f"nengo-loihi's {name} is not the one that is known (it has no {old.strip()!r}); "
                "install what is known: pip install nengo-loihi==1.1.0"
            )
        text = text.replace(old, new)
    return text


def sources() -> Dict[str, Any]:
    """The templates, by the name of what they become; see the module."""
    folder = Path(load_nengo_loihi().hardware.interface.Snips.snips_dir)
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)
    texts = {path.name[: -len(".template")]: path.read_text() for path in folder.glob("*.template")}
    io = texts["nengo_io.c"]
    start, end = io.find(OUTPUTS_FROM), io.find(OUTPUTS_TO)
    old = io[start:end] if 0 <= start < end else OUTPUTS_FROM
    texts["nengo_io.c"] = edited("nengo_io.c.template", io, (*IO, (old, WRITE_OUTPUTS)))
    texts["nengo_host.cpp"] = edited("nengo_host.cpp.template", texts["nengo_host.cpp"], HOST)
    return {name: environment.from_string(text) for name, text in texts.items()}
