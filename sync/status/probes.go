package status

import "strings"

// Answered says what the probes of a healthy app came to; empty where it has none.
func (a App) Answered() string {
	said := make([]string, 0, len(a.Probes))
	for _, result := range a.Probes {
		text := result.String()
		if len(a.Probes) > 1 {
			text = result.URL + ": " + text
		}
		said = append(said, text)
	}
	return strings.Join(said, "; ")
}
