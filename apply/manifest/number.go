package manifest

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// number reports one that JSON has not, or that would be rounded on its way: the API server makes 0 replicas of a count
// with a digit too many.
func (c *checker) number(r *reader, n *yaml.Node) {
	if n.Tag != "!!int" && n.Tag != "!!float" {
		return
	}
	text := strings.ToLower(strings.ReplaceAll(n.Value, "_", ""))
	_, notWhole := strconv.ParseInt(text, 0, 64)
	_, notFloat := strconv.ParseFloat(text, 64)
	switch sign := strings.TrimLeft(text, "+-"); {
	case sign == ".nan" || sign == ".inf":
		r.report(c.doc.fail(n.Line, "", "JSON has no such number; quote it if it is a text"))
	case errors.Is(notWhole, strconv.ErrRange), errors.Is(notFloat, strconv.ErrRange):
		r.report(c.doc.fail(n.Line, "", "a number of more than 64 bits; quote it if it is a text"))
	}
}

// replicas reports a count that is no int32: of such a one the API server takes what is left when the upper bits are
// gone, and scales to that.
func (c *check) replicas() {
	spec, _ := c.value["spec"].(map[string]any)
	var count float64
	switch value := spec["replicas"].(type) {
	case int64:
		count = float64(value)
	case float64:
		count = value
	default:
		return // none, or of a kind that means something else by it
	}
	if count < math.MinInt32 || count > math.MaxInt32 || count != math.Trunc(count) {
		c.fail("want a whole number from 0 to "+strconv.Itoa(math.MaxInt32), "spec", "replicas")
	}
}
