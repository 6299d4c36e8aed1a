// A plot that is shown in a script and in a notebook.

export const plot = {
  title: 'A & <B>',
  xLabel: 'frame',
  lines: [
    {
      label: 'one',
      points: [
        [0, 1],
        [1, 3],
      ] as [number, number][],
    },
  ],
};
