package object

import "strings"

// End is how an object has ended that runs once, as its last condition says. The zero End is that of one that may still run,
// or that does not end.
type End struct {
	Condition string `json:"condition"`       // [Complete] or [Failed]
	Words     string `json:"words,omitempty"` // of one that has failed, what the condition says: "BackoffLimitExceeded: ..."
}

// The conditions that a Job ends with.
const (
	Complete = "Complete"
	Failed   = "Failed"
)

// maxWords is how many bytes of a condition's words are kept.
const maxWords = 1 << 10

// EndOf reads how a Job has ended that is deleted some time after that, in its status; an end is of no account for others, as
// they stay. The content is that of any object.
func EndOf(content map[string]any) End {
	spec, _ := content["spec"].(map[string]any)
	if content["kind"] != "Job" || !strings.HasPrefix(text(content, "apiVersion"), "batch/") || spec["ttlSecondsAfterFinished"] == nil {
		return End{}
	}
	status, _ := content["status"].(map[string]any)
	conditions, _ := status["conditions"].([]any)
	for _, one := range conditions {
		c, _ := one.(map[string]any)
		if c["status"] != "True" {
			continue
		}
		switch c["type"] {
		case Complete:
			return End{Condition: Complete}
		case Failed:
			words := text(c, "reason") + ": " + text(c, "message")
			return End{Condition: Failed, Words: strings.ToValidUTF8(words[:min(len(words), maxWords)], "")}
		}
	}
	return End{}
}

// Status is a status that says so, for whoever judges an object that is gone.
func (e End) Status() map[string]any {
	reason, message, _ := strings.Cut(e.Words, ": ")
	return map[string]any{"conditions": []any{map[string]any{
		"type": e.Condition, "status": "True", "reason": reason, "message": message,
	}}}
}

func text(fields map[string]any, name string) string {
	s, _ := fields[name].(string)
	return s
}
