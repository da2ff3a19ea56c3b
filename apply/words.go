package apply

import (
	"fmt"
	"strings"
)

// few joins the texts of the first items, at most shown, and counts the rest: a person reads a sentence, not a list.
func few[T any](items []T, shown int, separator string, text func(T) string) string {
	parts := make([]string, 0, shown+1)
	for _, item := range items[:min(shown, len(items))] {
		parts = append(parts, text(item))
	}
	if more := len(items) - shown; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, separator)
}
