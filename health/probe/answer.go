package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// nameWithin is how much of a body is searched for the name of a pod.
	nameWithin = 1 << 10
	// bodyLimit is how much of a body is read at all; a refusal by the API server fits.
	bodyLimit = 4 << 10
	// wordsLimit bounds what is told of an error.
	wordsLimit = 160
)

// answer is what one request came to.
type answer struct {
	words string // what went wrong; empty when it was answered well
	text  string // its headers and the beginning of its body, to be searched and forgotten
}

// read makes an answer of a response. The error is the API server's refusal to ask at all.
func (c *Client) read(response *http.Response) (answer, error) {
	defer func() { _ = response.Body.Close() }() // whatever else there is to read is not wanted
	body, _ := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if !c.direct {
		if words, err := refusal(response.StatusCode, body); words != "" || err != nil {
			return answer{words: words}, err
		}
	}
	if response.StatusCode < 200 || response.StatusCode > 399 {
		return answer{words: fmt.Sprintf("status %d", response.StatusCode)}, nil
	}
	var text strings.Builder
	for _, values := range response.Header {
		text.WriteString(strings.Join(values, "\n") + "\n")
	}
	text.Write(body[:min(len(body), nameWithin)])
	return answer{text: text.String()}, nil
}

// refusal reads an error of the API server's proxy, which comes where the app's answer would: an error where it may not be
// used, else what went wrong behind it. Neither where the answer is the app's own.
func refusal(code int, body []byte) (words string, err error) {
	status, is := statusOf(code, body)
	if !is {
		return "", nil
	}
	if (status.Reason == metav1.StatusReasonForbidden || status.Reason == metav1.StatusReasonUnauthorized) &&
		int(status.Code) == code && (status.Details == nil || status.Details.Kind == "services" || status.Details.Kind == "pods") {
		return "", apierrors.FromObject(&status)
	}
	const unreached = "error trying to reach service: "
	if text, found := strings.CutPrefix(status.Message, unreached); found {
		return plain(text), nil
	}
	if strings.HasPrefix(status.Message, "no endpoints available") {
		return "no endpoints available", nil
	}
	return "", nil
}

// statusOf reads an answer of the API server's own, as far as it is one.
func statusOf(code int, body []byte) (status metav1.Status, is bool) {
	err := json.Unmarshal(body, &status)
	return status, err == nil && code >= 400 && status.Kind == "Status" && status.APIVersion == "v1"
}

// explain puts the error of a request into words that are the same for each attempt.
func (c *Client) explain(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within " + c.Timeout.String()
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		err = network.Err
	}
	return plain(err.Error())
}

// plain leaves out of an error what it quotes, which may be the app's, and what no line may hold.
func plain(text string) string {
	text, _, _ = strings.Cut(text, `"`)
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	return strings.TrimRight(text[:min(len(text), wordsLimit)], " :")
}

// named returns the one pod whose name stands in the text as a word; "" where there is none, or several.
func named(text string, backends []Backend) string {
	found := ""
	for _, b := range backends {
		if !containsWord(text, b.Pod) {
			continue
		}
		if found != "" {
			return ""
		}
		found = b.Pod
	}
	return found
}

// containsWord tells whether the name stands in the text and is not a part of a longer one: web-1 is not in web-10.
func containsWord(text, name string) bool {
	inName := func(at int) bool {
		return at >= 0 && at < len(text) && (text[at] == '-' || text[at] >= '0' && text[at] <= '9' || text[at] >= 'a' && text[at] <= 'z')
	}
	for from := 0; name != ""; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			return false
		}
		at += from
		if !inName(at-1) && !inName(at+len(name)) {
			return true
		}
		from = at + 1
	}
	return false
}

// missing are the pods that no answer names, in order.
func missing(backends []Backend, answers map[string]int) []string {
	var names []string
	for _, b := range backends {
		if answers[b.Pod] == 0 {
			names = append(names, b.Pod)
		}
	}
	slices.Sort(names)
	return names
}
