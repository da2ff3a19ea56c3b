package controlplane

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// State is what a supervisor leaves in its folder for others to read. Only together with an owner does it tell the
// present: see [Owner].
type State struct {
	Ready      bool              `json:"ready"` // false while the cluster starts
	Server     string            `json:"server"`
	Context    string            `json:"context"`
	Kubeconfig string            `json:"kubeconfig"`
	Started    time.Time         `json:"started"`
	Supervisor int               `json:"supervisor"` // process id
	Options    Options           `json:"options"`
	Components []ComponentStatus `json:"components"`
	Ports      []int             `json:"ports"` // all that anything listens on, on 127.0.0.1
}

// ComponentStatus is a running component.
type ComponentStatus struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	PID     int    `json:"pid"`
	Log     string `json:"log"`
}

// ReadState returns what the last supervisor in d wrote, and false when there is none.
func ReadState(d Dir) (State, bool, error) {
	data, err := os.ReadFile(d.state())
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, false, nil
	}
	if err != nil {
		return State{}, false, fmt.Errorf("read state: %w", err)
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, false, fmt.Errorf("read state %s: %w", d.state(), err)
	}
	return s, true, nil
}

func writeState(d Dir, s State) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	return replaceFile(d.state(), data, 0o600)
}
