package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// redraw draws the chart of an earlier run from its tables.
func redraw(from, chart string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	measured, rows := readTables(string(text))
	if len(rows) == 0 {
		return fmt.Errorf("%s: no row has a work and a rival that exist", from)
	}
	return Chart(measured, rows).save(chart)
}

// readTables reads what Markdown wrote. It returns the first line, and the rows
// whose pairs still exist, with their times alone.
func readTables(text string) (measured string, rows []Row) {
	measured, _, _ = strings.Cut(text, "\n")
	pairs := map[[2]string]Pair{}
	for _, p := range Pairs() {
		pairs[[2]string{p.Work(), p.Rival.Name}] = p
	}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) < 5 {
			continue
		}
		pair, known := pairs[[2]string{cells[0], cells[2]}]
		ours, err1 := strconv.ParseFloat(cells[3], 64)
		rival, err2 := strconv.ParseFloat(cells[4], 64)
		if known && err1 == nil && err2 == nil {
			rows = append(rows, Row{Pair: pair, OursCost: Figures{Ns: ours}, RivalCost: Figures{Ns: rival}})
		}
	}
	return measured, rows
}
